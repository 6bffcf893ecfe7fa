// One call of this browser: a tone to send, and what is heard measured.
class Call {
  constructor(frequency) {
    this.audio = new AudioContext();
    const oscillator = new OscillatorNode(this.audio, {frequency});
    const gain = new GainNode(this.audio, {gain: 0.1});
    const output = new MediaStreamAudioDestinationNode(this.audio);
    oscillator.connect(gain).connect(output);
    oscillator.start();
    this.analyser = new AnalyserNode(this.audio, {fftSize: 32768, smoothingTimeConstant: 0});
    this.connection = new RTCPeerConnection();
    this.connection.ontrack = event => this.heard(event.track);
    for (const track of output.stream.getTracks()) this.connection.addTrack(track, output.stream);
  }

  heard(track) {
    const stream = new MediaStream([track]);
    // Nothing comes out of the track before an element plays it.
    this.player = new Audio();
    this.player.muted = true;
    this.player.srcObject = stream;
    this.player.play();
    new MediaStreamAudioSourceNode(this.audio, {mediaStream: stream}).connect(this.analyser);
  }

  async described() {
    while (this.connection.iceGatheringState !== "complete") await new Promise(resolve => setTimeout(resolve, 10));
    return {sdp: this.connection.localDescription.sdp};
  }

  async offer() {
    await this.connection.setLocalDescription(await this.connection.createOffer());
    return this.described();
  }

  // Only before the first offer.
  async offerVideo() {
    this.connection.addTransceiver("video", {direction: "recvonly"});
    return this.offer();
  }

  async press() {
    const sender = this.connection.getSenders().find(sender => sender.dtmf?.canInsertDTMF);
    sender?.dtmf.insertDTMF("5");
    return {};
  }

  async restart() {
    this.connection.restartIce();
    return this.offer();
  }

  async accept(sdp) {
    await this.connection.setRemoteDescription({type: "answer", sdp});
    return {};
  }

  async answer(sdp) {
    await this.connection.setRemoteDescription({type: "offer", sdp});
    await this.connection.setLocalDescription(await this.connection.createAnswer());
    return this.described();
  }

  async statistics() {
    const report = [...(await this.connection.getStats()).values()];
    const find = (type, what) => report.find(entry => entry.type === type && (!what || what(entry))) ?? {};
    const transport = find("transport");
    const pair = find("candidate-pair", entry => entry.id === transport.selectedCandidatePairId);
    const bins = new Float32Array(this.analyser.frequencyBinCount);
    this.analyser.getFloatFrequencyData(bins);
    const best = bins.reduce((best, value, index) => (value > bins[best] ? index : best), 1);
    const isHeard = bins[best] > -60;
    return {
      state: this.connection.connectionState,
      sent: find("outbound-rtp").packetsSent,
      received: find("inbound-rtp").packetsReceived,
      frequency: isHeard ? best * this.audio.sampleRate / this.analyser.fftSize : null,
      level: isHeard ? bins[best] : null,
      candidate: find("local-candidate", entry => entry.id === pair.localCandidateId).address ?? null,
    };
  }

  async close() {
    this.connection.close();
    return {};
  }
}
