#include "COpenSSL.h"

int COpenSSL_HMAC(const EVP_MD *algorithm, const void *key, size_t key_count, const unsigned char *data,
                  size_t data_count, unsigned char *output, unsigned int *output_count) {
    static const unsigned char nothing[1];
    return HMAC(algorithm, key ? key : nothing, (int)key_count, data ? data : nothing, data_count, output,
                output_count) != NULL;
}
