#include "detect/http_view.h"

#include <cstddef>
#include <cstdint>

#include "http_messages.h"
#include "stream_target.h"

// Each message of the input, read as requests and as responses: what is complete of a part stays as
// it is, bodies keep their beginning, and reading on comes to an end.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chatgate::detect;
  static HttpView view;
  for (const test::Way way : {test::Way::request, test::Way::response}) {
    std::string_view text = chatgate::as_text({data, size});
    for (int i = 0; i < 8 && !text.empty(); ++i) {
      const auto lengths = chatgate::proto::test::lengths_chosen_by(chatgate::as_bytes(text));
      const std::string wrong = test::contradiction_in_cuts(view, way, text, lengths);
      if (!wrong.empty()) std::cerr << wrong << std::endl;
      FUZZ_CHECK(wrong.empty());
      const test::Shown shown = test::read_message(view, way, text, true);
      FUZZ_CHECK(shown.message.size <= text.size());
      if (!shown.message.whole) break;
      FUZZ_CHECK(shown.message.size > 0);
      text.remove_prefix(shown.message.size);
    }
  }
  return 0;
}
