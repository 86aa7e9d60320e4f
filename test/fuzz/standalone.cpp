// Runs a fuzz target over the files of corpus folders, where there is no libFuzzer.
//
// Usage: PROGRAM FOLDER...   Exit status 1 where a folder cannot be read or holds no file.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

// Number of files run.
std::size_t run_folder(const std::filesystem::path& folder) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string content(std::istreambuf_iterator<char>(file), {});
    if (!file) throw std::runtime_error(entry.path().string() + ": cannot be read");
    // Named before it runs: an input that aborts is the last one shown.
    std::cout << entry.path().string() << std::endl;
    // A buffer of exactly its size, so that the sanitizers see a read beyond it.
    const std::vector<std::uint8_t> bytes(content.begin(), content.end());
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
    ++count;
  }
  return count;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: " << argv[0] << " FOLDER...\n";
    return 2;
  }
  try {
    for (int i = 1; i < argc; ++i) {
      const std::size_t count = run_folder(argv[i]);
      std::cout << argv[i] << ": " << count << " inputs\n";
      if (count == 0) return 1;
    }
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
  return 0;
}
