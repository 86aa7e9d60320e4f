// The rules in force, compiled: one immutable object of a snapshot.
//
// `compile` turns checked rules into databases of Hyperscan, chosen fast patterns, groups by
// transport, way and port, and evaluation programs; it is called when a policy is loaded, never on
// the packet path. `Scanner` (detect/scanner.h) runs them on a worker's thread. What a library
// needs to have allocated for that, one for each worker, is made here and then, so that scanning
// allocates nothing.
//
// Hyperscan's databases depend on the machine and take time to compile, so they may be kept in a
// folder: a file is named after the hash of the patterns, flags, library version and CPU features
// it was made from, and one that is damaged or foreign is made anew.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/diagnostic.h"
#include "base/strong_id.h"
#include "detect/parser.h"
#include "detect/rule.h"

namespace chatgate::detect {

class Signatures {
 public:
  struct Options {
    unsigned workers = 1;      // how many threads will scan, each with a WorkerId below this
    std::string cache_folder;  // empty: databases are not kept
  };

  // Rules that cannot be compiled (a pcre that is none, more flowbits than there is room for) are
  // refused with an error in `findings`, at their place, and the others work on.
  static std::shared_ptr<const Signatures> compile(RuleSet rules, const Options& options,
                                                   Diagnostics& findings);
  ~Signatures();
  Signatures(const Signatures&) = delete;
  Signatures& operator=(const Signatures&) = delete;

  // In the order of their files; SignatureId is the position.
  std::span<const Rule> rules() const;
  const Rule* find(SignatureId signature) const {
    return signature.value() < rules().size() ? &rules()[signature.value()] : nullptr;
  }
  std::size_t refused() const;  // by the parser and here
  std::size_t memory() const;   // bytes of databases, programs and scratch

  // For Scanner.
  struct Compiled;
  const Compiled& compiled() const { return *compiled_; }

 private:
  explicit Signatures(std::unique_ptr<Compiled> compiled);
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace chatgate::detect
