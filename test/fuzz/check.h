// The assertion of the fuzz targets: says what is wrong and aborts, in every build type.
#pragma once

#include <cstdlib>
#include <iostream>

#define FUZZ_CHECK(condition)                                                                  \
  do {                                                                                         \
    if (!(condition)) {                                                                        \
      std::cerr << __FILE__ << ':' << __LINE__ << ": does not hold: " #condition << std::endl; \
      std::abort();                                                                            \
    }                                                                                          \
  } while (false)
