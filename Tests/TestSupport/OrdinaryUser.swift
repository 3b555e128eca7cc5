import Glibc

/// Calls `body` as a user whom the permissions of files bind, as they do not root. Only the calling thread changes.
package func asOrdinaryUser<Result>(_ body: () throws -> Result) rethrows -> Result {
    guard geteuid() == 0 else { return try body() }
    // Linux has a user per thread for files alone; its header is in no module.
    typealias SetUser = @convention(c) (uid_t) -> Int32
    let setUser = unsafeBitCast(dlsym(nil, "setfsuid"), to: SetUser.self)
    _ = setUser(65534)
    defer { _ = setUser(0) }
    return try body()
}
