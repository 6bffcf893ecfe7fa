import Wire

/// Candidates that come after their description, in a SIP INFO (`application/trickle-ice-sdpfrag`, RFC 8840 §9).
package struct CandidateFragment: Sendable, Equatable {
    /// The description they belong to.
    package var ufrag: String?
    package var candidates: [CandidateAttribute]
    package var endOfCandidates: Bool

    private enum Limit {
        static let candidates = 100
    }

    /// Nil for what has neither candidates nor their end; of several sections the one audio is sent over counts, which all
    /// the others share (RFC 9143), so sections are not told apart.
    package init?(parsing text: String) {
        let attributes = text.split(whereSeparator: \.isNewline).compactMap { line -> Attribute? in
            guard line.hasPrefix("a=") else { return nil }
            let parts = line.dropFirst(2).split(separator: ":", maxSplits: 1).map(String.init)
            return parts.first.map { Attribute($0, parts.count == 2 ? parts[1] : nil) }
        }
        ufrag = attributes.value(of: "ice-ufrag")
        candidates = attributes.values(of: "candidate").prefix(Limit.candidates).compactMap(CandidateAttribute.init)
        endOfCandidates = attributes.contains("end-of-candidates")
        guard !candidates.isEmpty || endOfCandidates else { return nil }
    }
}
