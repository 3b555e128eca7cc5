import Hummingbird
import Synchronization

/// Counts the requests, and lets no more in at once than the limit.
final class Traffic: Sendable {
    /// What is counted of a path and a status.
    struct Kind: Hashable {
        let path: String
        let status: Int
    }

    struct Sums {
        var requests = 0
        var seconds = 0.0
    }

    struct Counts {
        var inProgress = 0
        var characters = 0
        var scored = 0
        var sums: [Kind: Sums] = [:]
    }

    private let limit: Int
    private let state = Mutex(Counts())

    init(limit: Int) { self.limit = limit }

    var counts: Counts { state.withLock { $0 } }

    /// - Throws: ``Refusal`` when too many requests are worked on, this one included.
    func admit() throws {
        guard state.withLock({ $0.inProgress <= limit }) else {
            throw Refusal(
                .serviceUnavailable, "too many requests at once",
                "\(limit) are being worked on; try again in a moment, or start the server with --max-clients")
        }
    }

    func written(_ characters: Int) { state.withLock { $0.characters += characters } }

    func scored(_ characters: Int) { state.withLock { $0.scored += characters } }

    /// A request that is worked on until nothing holds this any more. So it is counted as over whatever becomes of its
    /// answer, which may never be asked for when the client has left.
    final class Visit: Sendable {
        private let traffic: Traffic
        private let path: String
        private let status = Mutex(0)
        private let start = ContinuousClock.now

        fileprivate init(_ traffic: Traffic, path: String) {
            self.traffic = traffic
            self.path = path
            traffic.state.withLock { $0.inProgress += 1 }
        }

        func answered(_ status: Int) { self.status.withLock { $0 = status } }

        deinit {
            let kind = Kind(path: path, status: status.withLock { $0 })
            let time = start.duration(to: .now).components
            traffic.state.withLock {
                $0.inProgress -= 1
                $0.sums[kind, default: Sums()].requests += 1
                $0.sums[kind]!.seconds += Double(time.seconds) + Double(time.attoseconds) * 1e-18
            }
        }
    }

    func visit(of request: Request) -> Visit {
        // A path that somebody made up must not become a count of its own.
        let path = request.uri.path
        let isKnown = Endpoint(rawValue: path) != nil || path == "/"
        return Visit(self, path: isKnown ? path : "other")
    }
}

struct TrafficMiddleware: RouterMiddleware {
    typealias Context = StudioContext
    let traffic: Traffic

    func handle(
        _ request: Request, context: StudioContext, next: (Request, StudioContext) async throws -> Response
    ) async throws -> Response {
        let visit = traffic.visit(of: request)
        var response = try await next(request, context)
        visit.answered(response.status.code)
        // A stream, which is written after this has returned.
        if response.body.contentLength == nil {
            let body = response.body
            response.body = ResponseBody { writer in
                try await body.write(writer)
                withExtendedLifetime(visit) {}
            }
        }
        return response
    }
}
