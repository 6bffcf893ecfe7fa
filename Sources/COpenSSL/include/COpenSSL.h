#ifndef COPENSSL_H
#define COPENSSL_H
/// What OpenSSL offers only as a macro or a variadic function, as functions Swift can call.
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/srtp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

/// `HMAC` with an empty key or message allowed as a null pointer; 1 when done.
int COpenSSL_HMAC(const EVP_MD *algorithm, const void *key, size_t key_count, const unsigned char *data,
                  size_t data_count, unsigned char *output, unsigned int *output_count);

#endif
