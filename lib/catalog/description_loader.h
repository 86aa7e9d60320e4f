// Reads the keys of a catalogue file that are for people (catalog/description.h).
//
// Part of catalog/loader.h. Findings go to the reporter; what is wrong is left out.
#pragma once

#include <span>
#include <string_view>

#include "catalog/description.h"

#include "config/json_document.h"

namespace chatgate::catalog {

Description read_description(config::ObjectReader& object, config::Reporter& reporter);

// The keys of the objects in "services" and "needs", and their words, as policy/catalog.schema.json
// must have them.
std::span<const std::string_view> service_note_keys();
std::span<const std::string_view> need_keys();
std::span<const std::string_view> status_words();
std::span<const std::string_view> separable_words();

}  // namespace chatgate::catalog
