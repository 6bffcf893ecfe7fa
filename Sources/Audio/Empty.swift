import COpus
import CPulse
import Wire

func x() { _ = opus_get_version_string(); _ = pa_get_library_version() }
