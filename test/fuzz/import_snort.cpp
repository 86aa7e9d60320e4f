#include "../../app/chatgate/import_snort.h"

#include <cstddef>
#include <cstdint>

#include "import_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return chatgate::check_import(data, size, [](std::string_view text) {
    return chatgate::app::from_snort(text, "fuzz.rules");
  });
}
