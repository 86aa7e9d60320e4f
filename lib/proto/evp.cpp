#include "proto/evp.h"

#include <openssl/evp.h>

namespace chatgate::proto {

void FreeEvp::operator()(EVP_CIPHER* object) const {
  EVP_CIPHER_free(object);
}

void FreeEvp::operator()(EVP_CIPHER_CTX* object) const {
  EVP_CIPHER_CTX_free(object);
}

}  // namespace chatgate::proto
