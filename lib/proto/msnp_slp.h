// MSNSLP, by which peers of MSN Messenger set up sessions with each other, and the binary headers
// before it.
//
// Sources: MSNPiki's and the NINA wiki's pages on MSNC, MSNSLP and P2P binary headers.
//
// Called by the readers of MSNP's payloads on a worker's thread. Views are borrowed, texts are
// copied into the messenger facts. No allocation; work is linear in the text.
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "proto/messenger.h"
#include "proto/parser.h"

namespace chatgate::proto::msnp {

// Lines "NAME: VALUE" up to an empty line or the end. Lines end with LF, with or without CR;
// a zero byte ends the text.
class Fields {
 public:
  explicit Fields(std::string_view text) : rest_(text) {}

  // The next line that has a colon; false where there is none.
  bool next();
  std::string_view name() const { return name_; }
  std::string_view value() const { return value_; }
  // What stands behind the empty line.
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
  std::string_view name_;
  std::string_view value_;
};

// Looks for a message of MSNSLP in what a peer sent; false where there is none. Sets the service of
// an invitation and `any` for what only goes on with or ends a session; the logins, the file's
// name, and the addresses of an answer that offers a direct connection.
bool read_slp(std::string_view text, Direction way, Messenger& messenger);

// What a chunk without MSNSLP carries, by the flags of its header: a file, a picture (presence), or
// nothing that is told.
Service service_of_chunk_v1(Bytes message);
Service service_of_chunk_v2(Bytes message);

}  // namespace chatgate::proto::msnp
