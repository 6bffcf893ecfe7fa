import Glibc
import HTTP

/// The `Date` of responses, made once a second.
struct DateCache {
    private var second = -1
    private var text = ""

    mutating func now() -> String {
        let second = time(nil)
        if second != self.second {
            self.second = second
            text = HTTPDate.text(secondsSince1970: second)
        }
        return text
    }
}
