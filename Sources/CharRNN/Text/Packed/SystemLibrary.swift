import Glibc

/// A library of the system that is opened when it is needed: neither to build this package nor to start it does anybody need
/// it.
package struct SystemLibrary {
    private let handle: UnsafeMutableRawPointer
    private let missing: UnpackingError

    /// - Parameters:
    ///   - file: its name, with the version of its interface.
    ///   - package: what Debian has it in.
    /// - Throws: ``UnpackingError``, which says what to install.
    package init(_ file: String, package: String) throws {
        missing = UnpackingError(reason: "\(file) is not on this computer; install it (Debian: \(package))")
        guard let handle = dlopen(file, RTLD_NOW) else { throw missing }
        self.handle = handle
    }

    /// - Returns: the function of that name; `Function` must be its type in C.
    /// - Throws: ``UnpackingError``, where the library is too old to have it.
    func function<Function>(_ name: String) throws -> Function {
        guard let address = dlsym(handle, name) else { throw missing }
        return unsafeBitCast(address, to: Function.self)
    }
}
