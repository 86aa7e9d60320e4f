#include "telemetry/redis_protocol.h"

#include <cstdlib>
#include <hiredis/hiredis.h>
#include <hiredis/read.h>

namespace chatgate::telemetry {
namespace {

ReplyReader::Reply& reply_of(const redisReadTask* task) {
  return *static_cast<ReplyReader::Reply*>(task->privdata);
}

// What hiredis builds of a reply: a pointer to our own, which it must not free.
void* make_string(const redisReadTask* task, char* text, std::size_t size) {
  ReplyReader::Reply& reply = reply_of(task);
  reply.is_error = task->type == REDIS_REPLY_ERROR;
  if (reply.is_error) reply.text.assign(text, size);
  return &reply;
}
void* make_integer(const redisReadTask* task, long long) {
  return &reply_of(task);
}
void* make_nil(const redisReadTask* task) {
  return &reply_of(task);
}
// No command of ours is answered by an array: hiredis then gives up.
void* make_array(const redisReadTask*, int) {
  return nullptr;
}
void free_nothing(void*) {}

redisReplyObjectFunctions kFunctions = {make_string, make_array, make_integer, make_nil,
                                        free_nothing};

}  // namespace

void append_command(std::string& out, std::initializer_list<std::string_view> words) {
  const auto line = [&out](char kind, std::size_t number) {
    out += kind;
    out += std::to_string(number);
    out += "\r\n";
  };
  line('*', words.size());
  for (const std::string_view word : words) {
    line('$', word.size());
    out += word;
    out += "\r\n";
  }
}

void ReplyReader::Free::operator()(redisReader* reader) const {
  ::redisReaderFree(reader);
}

ReplyReader::ReplyReader() {
  clear();
}
ReplyReader::~ReplyReader() = default;

void ReplyReader::clear() {
  reader_.reset(::redisReaderCreateWithFunctions(&kFunctions));
  if (reader_ != nullptr) reader_->privdata = &current_;
  waiting_ = 0;
  broken_ = reader_ == nullptr;
}

bool ReplyReader::feed(std::string_view bytes) {
  waiting_ += bytes.size();
  broken_ = broken_ || waiting_ > 2 * kLimit || bytes.size() > kLimit ||
            ::redisReaderFeed(reader_.get(), bytes.data(), bytes.size()) != REDIS_OK;
  return !broken_;
}

std::optional<ReplyReader::Reply> ReplyReader::next() {
  if (broken_) return std::nullopt;
  current_ = {};
  void* whole = nullptr;
  if (::redisReaderGetReply(reader_.get(), &whole) != REDIS_OK) broken_ = true;
  if (whole == nullptr) return std::nullopt;
  waiting_ = 0;
  return std::move(current_);
}

}  // namespace chatgate::telemetry
