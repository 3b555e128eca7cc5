import COpenBLAS
import Synchronization

/// OpenBLAS as a product on one thread, of which several may run side by side.
///
/// Its own threads wait in a loop for the next product, on the cores that our threads need. So it is held to the
/// calling thread while a product of ours runs; the setting of the program around us comes back afterwards.
enum OpenBLAS {
    private struct Setting {
        var users = 0
        var threads: Int32 = 1
    }
    private static let setting = Mutex(Setting())

    static func onCallingThread<Result>(_ body: () throws -> Result) rethrows -> Result {
        setting.withLock { setting in
            if setting.users == 0 {
                setting.threads = openblas_get_num_threads()
                openblas_set_num_threads(1)
            }
            setting.users += 1
        }
        defer {
            setting.withLock { setting in
                setting.users -= 1
                if setting.users == 0 { openblas_set_num_threads(setting.threads) }
            }
        }
        return try body()
    }

    /// "OpenBLAS 0.3.21, Zen": the version and the kernels it chose for this processor.
    static var description: String {
        let configuration = String(cString: openblas_get_config()).split(separator: " ")
        let version = configuration.dropFirst().first.map { " \($0)" } ?? ""
        return "OpenBLAS\(version), \(String(cString: openblas_get_corename()))"
    }
}
