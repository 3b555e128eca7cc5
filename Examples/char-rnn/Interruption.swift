import Glibc
import Synchronization

/// The first SIGINT or SIGTERM asks the run to stop after its step; the second ends the program at once.
enum Interruption {
    private static let signalNumber = Atomic<Int32>(0)

    /// The signal that came, if one did.
    static var received: Int32? {
        let number = signalNumber.load(ordering: .relaxed)
        return number == 0 ? nil : number
    }

    static func watch() {
        // Whoever started us may have had them blocked, which is inherited.
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in [SIGINT, SIGTERM] {
            sigaddset(&signals, number)
            signal(number) { number in
                Interruption.signalNumber.store(number, ordering: .relaxed)
                signal(number, SIG_DFL)
            }
        }
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    }
}
