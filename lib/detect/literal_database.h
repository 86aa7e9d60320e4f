// Many literals searched for at once: a database of Hyperscan (or Vectorscan) in block mode.
//
// Made at load time from the cache or anew; immutable afterwards and shared by all workers, each
// with a `ScanScratch` of its own. `scan` is for the packet path: it allocates nothing and looks at
// each byte once. Interface: Hyperscan developer's reference, "Compilation" (pure literals) and
// "Scanning"; only what Vectorscan has too.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "detect/database_cache.h"
#include "detect/pcre_literal.h"

struct hs_database;
struct hs_scratch;

namespace chatgate::detect {

class LiteralDatabase;

// What a scan writes into; for one thread at a time.
class ScanScratch {
 public:
  ScanScratch() = default;
  ~ScanScratch();
  ScanScratch(const ScanScratch&) = delete;
  ScanScratch& operator=(const ScanScratch&) = delete;

  // Makes room for scans of `database`. False where there is no memory.
  bool fit(const LiteralDatabase& database);
  // Another of the same size; null where there is no memory.
  std::unique_ptr<ScanScratch> clone() const;
  std::size_t memory() const;

 private:
  friend class LiteralDatabase;
  hs_scratch* scratch_ = nullptr;
};

class LiteralDatabase {
 public:
  // Called with each literal that is there, by its place in `make`; once for each, in any order.
  // Must not throw or allocate. Not zero: the scan ends.
  using Found = int (*)(unsigned literal, unsigned long long from, unsigned long long to,
                        unsigned flags, void* context);

  // `literals` are not empty, all different and sorted. Null, with what is wrong in `error`, where
  // the library cannot make one or does not run on this processor.
  static std::shared_ptr<const LiteralDatabase> make(std::span<const Literal> literals,
                                                     DatabaseCache& cache, std::string& error);
  ~LiteralDatabase();
  LiteralDatabase(const LiteralDatabase&) = delete;
  LiteralDatabase& operator=(const LiteralDatabase&) = delete;

  void scan(Bytes bytes, ScanScratch& scratch, Found found, void* context) const;

  std::size_t longest() const { return longest_; }  // bytes of the longest literal
  std::size_t memory() const;

 private:
  friend class ScanScratch;
  explicit LiteralDatabase(hs_database* database, std::size_t longest)
      : database_(database), longest_(longest) {}

  hs_database* database_;
  std::size_t longest_;
};

}  // namespace chatgate::detect
