// What the sink for Redis says and hears, in RESP (redis.io/docs/reference/protocol-spec).
//
// Used by the event thread. Reading is hiredis's, which is told to build nothing: of a reply only
// its kind and, where it is an error, its text are kept.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct redisReader;
struct redisReplyObjectFunctions;

namespace chatgate::telemetry {

// Appends one command: an array of bulk strings.
void append_command(std::string& out, std::initializer_list<std::string_view> words);

class ReplyReader {
 public:
  struct Reply {
    bool is_error = false;
    std::string text;  // of an error
  };
  // Longest reply, and most bytes fed at once: ours are an identifier or an error.
  static constexpr std::size_t kLimit = 64 * 1024;

  ReplyReader();
  ~ReplyReader();

  void clear();
  // False where the bytes are no reply or too many; nothing more is taken until `clear`.
  bool feed(std::string_view bytes);
  std::optional<Reply> next();
  bool broken() const { return broken_; }

 private:
  struct Free {
    void operator()(redisReader* reader) const;
  };

  std::unique_ptr<redisReader, Free> reader_;
  Reply current_;
  std::size_t waiting_ = 0;  // bytes since the last whole reply
  bool broken_ = false;
};

}  // namespace chatgate::telemetry
