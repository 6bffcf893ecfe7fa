#ifndef COPENSSL_H
#define COPENSSL_H
/// What OpenSSL offers only as a macro, a variadic function or through a callback, as functions Swift can call.
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
#include <stdbool.h>

/// `HMAC` with an empty key or message allowed as a null pointer; 1 when done.
int COpenSSL_HMAC(const EVP_MD *algorithm, const void *key, size_t key_count, const unsigned char *data,
                  size_t data_count, unsigned char *output, unsigned int *output_count);

/// A new key pair on the curve P-256.
EVP_PKEY *COpenSSL_makeP256Key(void);

/// Adds an X.509 extension written in OpenSSL's configuration syntax; the issuer may be the certificate itself.
bool COpenSSL_addExtension(X509 *certificate, X509 *issuer, int nid, const char *value);

/// Adds a DNS name or an IP address literal to a certificate's alternative names.
bool COpenSSL_addAlternativeName(GENERAL_NAMES *names, bool is_address, const char *value);

/// A memory BIO that asks for more when it is empty, instead of reporting the end of the stream.
BIO *COpenSSL_makeMemoryBIO(void);

/// A TLS context for version 1.2 and newer, or null.
SSL_CTX *COpenSSL_makeTLSContext(bool server);

/// Sends the host name in the ClientHello (SNI).
bool COpenSSL_setServerName(SSL *session, const char *name);

/// A DTLS 1.2 context that shows a certificate, takes any certificate of the peer's but insists on one, and offers
/// SRTP profiles, named with colons between them; null on failure.
SSL_CTX *COpenSSL_makeDTLSContext(X509 *certificate, EVP_PKEY *key, const char *profiles);

/// A DTLS session of that context, with datagrams of at most `mtu` bytes. It never looks at the clock: behind each flight
/// that waits for an answer it writes copies, with record numbers of their own, to be sent if no answer comes.
SSL *COpenSSL_makeDTLSSession(SSL_CTX *context, long mtu);

/// How many copies there are of a flight: OpenSSL allows twelve.
enum { COpenSSL_flightCopies = 12 };

/// Where in the output a flight begins, and then each of its copies; `count` is 0 when none was written.
struct COpenSSL_Flight {
    size_t starts[COpenSSL_flightCopies + 1];
    int count;
};

/// What was written since the last call; the output must be drained with it.
struct COpenSSL_Flight COpenSSL_takeFlight(SSL *session);

/// Whether a flight waits for an answer.
bool COpenSSL_isDTLSFlightPending(SSL *session);

#endif
