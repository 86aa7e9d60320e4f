#include "detect/literal_database.h"

#include <algorithm>
#include <cstdlib>
#include <hs.h>
#include <optional>

namespace chatgate::detect {
namespace {

static_assert(std::is_same_v<LiteralDatabase::Found, match_event_handler>);

constexpr unsigned kMode = HS_MODE_BLOCK;
// One report of each literal, so that a buffer full of one of them costs no more than another.
constexpr unsigned kFlags = HS_FLAG_SINGLEMATCH;

struct Patterns {
  std::vector<const char*> bytes;
  std::vector<std::size_t> sizes;
  std::vector<unsigned> flags;
  std::vector<unsigned> ids;

  explicit Patterns(std::span<const Literal> literals) {
    for (const Literal& literal : literals) {
      bytes.push_back(literal.bytes.data());
      sizes.push_back(literal.bytes.size());
      flags.push_back(literal.nocase ? kFlags | HS_FLAG_CASELESS : kFlags);
      ids.push_back(static_cast<unsigned>(ids.size()));
    }
  }
};

void append(std::string& text, std::uint64_t number) {
  for (unsigned shift = 0; shift < 64; shift += 8)
    text += static_cast<char>(number >> shift & 0xff);
}

// Of everything that a compiled database depends on.
DatabaseCache::Digest digest_of(std::span<const Literal> literals,
                                const hs_platform_info& platform) {
  std::string text = "chatgate literal database 1\n";
  text += hs_version();
  text += '\n';
  append(text, platform.tune);
  append(text, platform.cpu_features);
  append(text, kMode);
  append(text, kFlags);
  for (const Literal& literal : literals) {
    append(text, literal.nocase);
    append(text, literal.bytes.size());
    text += literal.bytes;
  }
  return DatabaseCache::sha256(text);
}

hs_database* from_cache(DatabaseCache& cache, const DatabaseCache::Digest& name) {
  const std::optional<std::string> stored = cache.load(name);
  hs_database* database = nullptr;
  if (!stored || hs_deserialize_database(stored->data(), stored->size(), &database) != HS_SUCCESS) {
    return nullptr;
  }
  return database;
}

void to_cache(DatabaseCache& cache, const DatabaseCache::Digest& name,
              const hs_database* database) {
  char* bytes = nullptr;
  std::size_t size = 0;
  if (hs_serialize_database(database, &bytes, &size) != HS_SUCCESS) return;
  cache.store(name, {bytes, size});
  std::free(bytes);  // taken with malloc, as no other allocator was set
}

}  // namespace

ScanScratch::~ScanScratch() {
  hs_free_scratch(scratch_);
}

bool ScanScratch::fit(const LiteralDatabase& database) {
  return hs_alloc_scratch(database.database_, &scratch_) == HS_SUCCESS;
}

std::unique_ptr<ScanScratch> ScanScratch::clone() const {
  auto other = std::make_unique<ScanScratch>();
  if (scratch_ != nullptr && hs_clone_scratch(scratch_, &other->scratch_) != HS_SUCCESS) {
    return nullptr;
  }
  return other;
}

std::size_t ScanScratch::memory() const {
  std::size_t size = 0;
  if (scratch_ != nullptr) hs_scratch_size(scratch_, &size);
  return size;
}

std::shared_ptr<const LiteralDatabase> LiteralDatabase::make(std::span<const Literal> literals,
                                                             DatabaseCache& cache,
                                                             std::string& error) {
  hs_platform_info platform{};
  if (hs_valid_platform() != HS_SUCCESS || hs_populate_platform(&platform) != HS_SUCCESS) {
    error = "Hyperscan does not run on this processor";
    return nullptr;
  }
  const DatabaseCache::Digest name = digest_of(literals, platform);
  hs_database* database = from_cache(cache, name);
  if (database == nullptr) {
    const Patterns patterns(literals);
    hs_compile_error_t* failure = nullptr;
    if (hs_compile_lit_multi(patterns.bytes.data(), patterns.flags.data(), patterns.ids.data(),
                             patterns.sizes.data(), static_cast<unsigned>(literals.size()), kMode,
                             &platform, &database, &failure) != HS_SUCCESS) {
      error = failure == nullptr || failure->message == nullptr ? "no memory" : failure->message;
      hs_free_compile_error(failure);
      return nullptr;
    }
    to_cache(cache, name, database);
  }
  std::size_t longest = 0;
  for (const Literal& literal : literals) longest = std::max(longest, literal.bytes.size());
  return std::shared_ptr<const LiteralDatabase>(new LiteralDatabase(database, longest));
}

LiteralDatabase::~LiteralDatabase() {
  hs_free_database(database_);
}

void LiteralDatabase::scan(Bytes bytes, ScanScratch& scratch, Found found, void* context) const {
  // Fails only for what cannot be: a scratch too small or in use.
  hs_scan(database_, reinterpret_cast<const char*>(bytes.data()),
          static_cast<unsigned>(bytes.size()), 0, scratch.scratch_, found, context);
}

std::size_t LiteralDatabase::memory() const {
  std::size_t size = 0;
  hs_database_size(database_, &size);
  return size;
}

}  // namespace chatgate::detect
