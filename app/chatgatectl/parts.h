// What is done with the lines of a reply that has many: events are printed, files are written.
//
// A file is written by chatgatectl, as whoever called it, and only where its name is the one that
// was typed: a gateway cannot choose which.
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "client.h"

namespace chatgate::ctl {

class PartWriter {
 public:
  // `line` is the command as typed.
  PartWriter(std::string_view line, bool json) : line_(line), json_(json) {}

  // For Client::command. False where something went wrong, and `error` says what.
  bool take(const Reply& part);
  // To be called after the last line; `interrupted` where that did not come. False as above.
  bool finish(bool interrupted);
  const std::string& error() const { return error_; }

 private:
  struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  bool open(const std::string& name);
  bool write(const std::string& base64);
  bool fail(const std::string& what);

  const std::string_view line_;
  const bool json_;
  std::string name_, error_;
  std::unique_ptr<std::FILE, CloseFile> file_;
};

}  // namespace chatgate::ctl
