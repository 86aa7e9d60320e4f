// The sink for Redis as a person writes it, and the opening of it.
//
// On the thread that starts the program. The form is that of Redis's own clients
// (iana.org/assignments/uri-schemes/prov/redis), with the stream in the place of the database.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "telemetry/sink.h"

namespace chatgate::telemetry {

// Reads "//[[USER:]PASSWORD@]HOST[:PORT]/STREAM[?maxlen=N&password-file=PATH]", what may be
// percent-encoded included. False where it is wrong, with what would be right in `remedy`.
bool read_redis_url(std::string_view rest, SinkSpec& spec, std::string& remedy);

// Null, and an error in `diagnostics`, where the file with the password cannot be read.
std::unique_ptr<Sink> open_redis(const SinkSpec& spec, Diagnostics& diagnostics);

}  // namespace chatgate::telemetry
