// What a command is asked by and what it answers with.
#pragma once

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

struct Reply {
  int status = kDone;
  Json result = Json::object();
  std::string text;    // the same facts for a person
  std::string error;   // one line, empty where status is kDone
  std::string remedy;  // one line, may be empty

  static Reply failure(int status, std::string error, std::string remedy = {}) {
    Reply reply;
    reply.status = status;
    reply.error = std::move(error);
    reply.remedy = std::move(remedy);
    return reply;
  }
};

}  // namespace chatgate::control
