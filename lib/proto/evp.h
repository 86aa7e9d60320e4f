// Owners of libcrypto's objects.
//
// They are made before packets come; on the packet path they are only keyed anew, which takes no
// memory. Threads: those of the objects that hold them.
#pragma once

#include <memory>
#include <openssl/evp.h>

namespace chatgate::proto {

struct FreeEvp {
  void operator()(EVP_CIPHER* object) const { EVP_CIPHER_free(object); }
  void operator()(EVP_CIPHER_CTX* object) const { EVP_CIPHER_CTX_free(object); }
};
template <typename Object>
using Owned = std::unique_ptr<Object, FreeEvp>;

}  // namespace chatgate::proto
