#ifndef COPUS_H
#define COPUS_H
/// The variadic `opus_encoder_ctl` and `opus_decoder_ctl` requests, as functions Swift can call.
#include <opus.h>
#endif
