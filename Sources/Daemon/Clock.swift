import Foundation
import Network
import Wire

extension Moment {
    package static var now: Moment {
        Moment(
            instant: MonotonicClock.now, unixMilliseconds: Int64((Date().timeIntervalSince1970 * 1000).rounded(.down)))
    }
}
