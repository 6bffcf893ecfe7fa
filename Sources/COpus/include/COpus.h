#ifndef COPUS_H
#define COPUS_H
/// The variadic `opus_encoder_ctl` and `opus_decoder_ctl` requests, as functions Swift can call.
#include <opus.h>

int phonebard_opus_set_bitrate(OpusEncoder *encoder, opus_int32 bitsPerSecond);
int phonebard_opus_set_complexity(OpusEncoder *encoder, opus_int32 complexity);
int phonebard_opus_set_inband_fec(OpusEncoder *encoder, opus_int32 enabled);
int phonebard_opus_set_packet_loss_perc(OpusEncoder *encoder, opus_int32 percent);
int phonebard_opus_set_dtx(OpusEncoder *encoder, opus_int32 enabled);
int phonebard_opus_set_voice(OpusEncoder *encoder);
int phonebard_opus_set_wideband(OpusEncoder *encoder);
#endif
