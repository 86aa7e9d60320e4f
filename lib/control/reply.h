// What a command is asked by and what it answers with.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <sys/types.h>

namespace chatgate::control {

// Keys keep the order in which they were written.
using Json = nlohmann::ordered_json;

// The exit statuses of chatgatectl.
constexpr int kDone = 0;
constexpr int kFailed = 1;   // it failed at run time
constexpr int kInvalid = 2;  // wrong usage, or a file that is not valid

struct Caller {
  uid_t uid = 0;
  pid_t pid = 0;
  std::string directory;  // that relative files are meant from; may be empty
};

class Parts;

struct Reply {
  int status = kDone;
  Json result = Json::object();
  std::string text;    // the same facts for a person
  std::string error;   // one line, empty where status is kDone
  std::string remedy;  // one line, may be empty
  // Further replies, each a line of its own, that follow this one; null: this is all.
  std::shared_ptr<Parts> parts;

  static Reply failure(int status, std::string error, std::string remedy = {}) {
    Reply reply;
    reply.status = status;
    reply.error = std::move(error);
    reply.remedy = std::move(remedy);
    return reply;
  }
};

// What a command goes on to say after its first reply: the pieces of a file, or events as they
// come.
//
// Asked for one after another, as fast as the caller takes them. It ends with the part
// that is the last, or when it is destroyed; it calls nothing back after that.
class Parts {
 public:
  virtual ~Parts() = default;

  struct Part {
    Reply reply;
    bool last = false;
  };
  // It has no last part: the caller ends it, by another line or by going away.
  virtual bool endless() const { return false; }
  // Calls back once, perhaps from within. Called again only after that.
  virtual void next(std::function<void(Part)> callback) = 0;
};

}  // namespace chatgate::control
