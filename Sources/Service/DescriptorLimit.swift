import Glibc

/// How many descriptors the process may have open (`RLIMIT_NOFILE`, getrlimit(2)).
package enum DescriptorLimit {
    /// Raises the soft limit to the hard one, so that no number of API connections takes the descriptors of a call;
    /// gives the limit that is then in force.
    package static func raise() -> UInt64 {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
        var raised = limit
        raised.rlim_cur = limit.rlim_max
        guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 else {
            return UInt64(limit.rlim_cur)
        }
        return UInt64(raised.rlim_cur)
    }
}
