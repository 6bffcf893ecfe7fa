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

/// Does what `opus_decode` does for one channel, in less time: only what exceeds full scale is rounded off.
///
/// - Parameter clipping: the state of `opus_pcm_soft_clip`, zero at first.
int phonebard_opus_decode(OpusDecoder *decoder, const unsigned char *payload, opus_int32 length, opus_int16 *samples,
                          int limit, int isPrevious, float *clipping);
#endif
