import Foundation
import Journal

extension Configuration {
    static var isAskedToInject: Bool {
        #if DEBUG
            getenv("TEST_PHONEBARD_EVENTS") != nil
        #else
            false
        #endif
    }

    var eventJournal: EventJournal {
        var settings = EventJournal(path: journalPath)
        settings.maximumAge = journal.maximumAge
        settings.maximumBytes = journal.maximumSize
        return settings
    }
}

/// The journal's own settings; ``Configuration/Journal`` hides the module's name where it is extended.
typealias EventJournal = Journal.Configuration
