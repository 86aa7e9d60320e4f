// Reads the catalogue's files: a folder of JSON, one file an application.
//
// The format is policy/catalog.schema.json; a file's name is the application's identifier. Every
// claim names its source, so that a wrong one can be traced. Nothing is thrown; findings go to the
// Diagnostics of the builder's owner.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/diagnostic.h"
#include "catalog/builder.h"

namespace chatgate::catalog {

// Reads every *.json in `folder`, in the order of their names. What is wrong in one file does not
// keep the others from being read.
void load_folder(const std::string& folder, CatalogueBuilder& builder, Diagnostics& diagnostics);

// One file's text; `file` is for messages, and its last part must be the identifier plus ".json".
void load_application(std::string_view text, const std::string& file, CatalogueBuilder& builder,
                      Diagnostics& diagnostics);

// The keys of each kind of object, as policy/catalog.schema.json must have them.
std::span<const std::string_view> application_keys();
std::span<const std::string_view> port_keys();
std::span<const std::string_view> name_keys();
std::span<const std::string_view> address_keys();

}  // namespace chatgate::catalog
