import Hummingbird

/// On the loopback only what was meant for it is answered: a web site whose name was made to lead there (DNS rebinding)
/// would otherwise read the answers in its visitor's browser.
struct HostMiddleware: RouterMiddleware {
    typealias Context = StudioContext
    /// Whether any name will do.
    let isOpen: Bool

    func handle(
        _ request: Request, context: StudioContext, next: (Request, StudioContext) async throws -> Response
    ) async throws -> Response {
        let authority = request.head.authority ?? ""
        guard isOpen || Self.isLoopback(Self.host(of: authority)) else {
            throw Refusal(
                .misdirectedRequest, "the host \(authority.prefix(200))", "this server is 127.0.0.1, or localhost")
        }
        return try await next(request, context)
    }

    static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || host == "[::1]"
            || host.split(separator: ".", omittingEmptySubsequences: false).count == 4 && host.hasPrefix("127.")
                && host.utf8.allSatisfy { $0 == 0x2E || (0x30...0x39).contains($0) }
    }

    /// Without the port.
    private static func host(of authority: String) -> String {
        if authority.hasPrefix("[") { return String(authority.prefix { $0 != "]" }) + "]" }
        return String(authority.prefix { $0 != ":" }).lowercased()
    }
}
