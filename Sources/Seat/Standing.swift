import Dialect

extension Seat {
    /// What one line about the seat is made of.
    package struct Standing: Sendable, Equatable {
        /// Of who is logged in, or on the way there or out.
        package let extensionNumber: String?
        /// As `registration` in the snapshot.
        package let registration: String
        package let state: SeatState

        package init(extensionNumber: String?, registration: String, state: SeatState) {
            self.extensionNumber = extensionNumber
            self.registration = registration
            self.state = state
        }
    }

    package var standing: Standing {
        Standing(
            extensionNumber: login?.user.credentials.extensionNumber, registration: login?.word ?? Self.loggedOut,
            state: state)
    }
}
