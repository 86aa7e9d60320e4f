// Owners of libcrypto's objects.
//
// They are made before packets come; on the packet path they are only keyed anew, which takes no
// memory. Threads: those of the objects that hold them.
#pragma once

#include <memory>

// EVP_CIPHER and EVP_CIPHER_CTX.
struct evp_cipher_st;
struct evp_cipher_ctx_st;

namespace chatgate::proto {

struct FreeEvp {
  void operator()(evp_cipher_st* object) const;
  void operator()(evp_cipher_ctx_st* object) const;
};
template <typename Object>
using Owned = std::unique_ptr<Object, FreeEvp>;

}  // namespace chatgate::proto
