#include "parts.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <iostream>
#include <openssl/evp.h>
#include <unistd.h>
#include <vector>

namespace chatgate::ctl {
namespace {

constexpr mode_t kFileMode = 0600;  // what is captured is nobody else's business

std::string text_at(const Json& object, const char* key) {
  if (!object.is_object()) return {};
  const auto at = object.find(key);
  return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

}  // namespace

bool PartWriter::fail(const std::string& what) {
  error_ = (name_.empty() ? "" : name_ + ": ") + what;
  return false;
}

bool PartWriter::open(const std::string& name) {
  if (name.empty() || !(line_.ends_with(name) || line_.ends_with("\"" + name + "\""))) {
    return fail("the gateway names another file than the command, nothing is written");
  }
  name_ = name;
  const int descriptor =
      ::open(name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, kFileMode);
  if (descriptor < 0) return fail(std::string("cannot be written: ") + std::strerror(errno));
  file_.reset(::fdopen(descriptor, "wb"));
  if (file_) return true;
  ::close(descriptor);
  return fail("cannot be written");
}

bool PartWriter::write(const std::string& base64) {
  std::vector<unsigned char> bytes(base64.size() / 4 * 3 + 3);
  const int size =
      EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(base64.data()),
                      static_cast<int>(base64.size()));
  if (size < 0) return fail("the gateway sent no base64");
  // EVP counts what is padded.
  std::size_t length = static_cast<std::size_t>(size);
  for (std::size_t i = base64.size(); i > 0 && base64[i - 1] == '='; --i) --length;
  if (std::fwrite(bytes.data(), 1, length, file_.get()) == length) return true;
  return fail(std::string("cannot be written: ") + std::strerror(errno));
}

bool PartWriter::take(const Reply& part) {
  if (text_at(part.result, "view") == "file") return open(text_at(part.result, "file"));
  if (file_) return write(text_at(part.result, "base64"));
  if (!json_) {
    std::cout << part.text << std::flush;
    return true;
  }
  const Json& result = part.result;
  if (result.is_object() && result.contains("events")) {
    for (const Json& event : result["events"]) {
      std::cout << event.dump(-1, ' ', false, Json::error_handler_t::replace) << "\n";
    }
  }
  if (result.is_object() && result.contains("missed")) {
    std::cout << Json{{"missed", result["missed"]}}.dump() << "\n";
  }
  std::cout << std::flush;
  return true;
}

bool PartWriter::finish(bool interrupted) {
  if (!error_.empty()) return false;
  if (file_ && interrupted) return fail("the file is not whole, the command was interrupted");
  if (!file_ || std::fclose(file_.release()) == 0) return true;
  return fail(std::string("cannot be written: ") + std::strerror(errno));
}

}  // namespace chatgate::ctl
