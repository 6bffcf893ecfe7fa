import COpenSSL
import CSRTP
import Wire

func x() { _ = SSL_new(nil); _ = srtp_init() }
