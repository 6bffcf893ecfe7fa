import Glibc
import Service
import Testing

@Suite("Descriptors")
struct DescriptorLimitTests {
    @Test("The soft limit is raised to the hard one (getrlimit(2))")
    func raised() {
        var limit = rlimit()
        #expect(getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
        var lowered = limit
        lowered.rlim_cur = min(limit.rlim_cur, 512)
        #expect(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &lowered) == 0)
        #expect(DescriptorLimit.raise() == UInt64(limit.rlim_max))
        #expect(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
    }
}
