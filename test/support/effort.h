// How many attempts a test makes.
//
// AddressSanitizer makes an attempt ten times as dear, and what it looks for (bytes read beyond
// their end, used after their time) shows in a share of the attempts already. So the release build
// makes all of them, and the sanitized build a share, spread over the same range. Only for attempts
// that are many of one kind; a table's rows are never left out.
#pragma once

#if defined(__SANITIZE_ADDRESS__)
#define CHATGATE_TEST_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define CHATGATE_TEST_SANITIZED 1
#endif
#endif

namespace chatgate::test {

#ifdef CHATGATE_TEST_SANITIZED
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

// `all` of them, or `share` under sanitizers.
template <typename T>
constexpr T attempts(T all, T share) {
  return kSanitized ? share : all;
}

}  // namespace chatgate::test
