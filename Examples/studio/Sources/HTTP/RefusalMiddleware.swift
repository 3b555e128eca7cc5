import Hummingbird
import NIOCore
import NIOHTTP1

/// Says in JSON what was wrong with a request.
struct RefusalMiddleware: RouterMiddleware {
    typealias Context = StudioContext

    func handle(
        _ request: Request, context: StudioContext, next: (Request, StudioContext) async throws -> Response
    ) async throws -> Response {
        do { return try await next(request, context) } catch let error as HTTPParserError {
            throw error  // The connection answers it, see ParserErrorHandler.
        } catch {
            let refusal = Self.refusal(of: error, request)
            guard request.method == .post else { return try .json(refusal, status: refusal.status) }
            // What is left of the body is not waited for. The client gets a moment to read why.
            let channel = context.channel
            let end = channel.eventLoop.scheduleTask(in: .seconds(1)) { channel.close(promise: nil) }
            // Nor is a connection kept, with all that it has received, after the client has closed it.
            channel.closeFuture.whenComplete { _ in end.cancel() }
            return try .json(refusal, status: refusal.status, ends: true)
        }
    }

    private static func refusal(of error: any Error, _ request: Request) -> Refusal {
        if let error = error as? HTTPError, error.status == .notFound { return notFound(request) }
        return Refusal(of: error)
    }

    private static func notFound(_ request: Request) -> Refusal {
        let path = request.uri.path
        if let endpoint = Endpoint(rawValue: path) {
            return Refusal(
                .methodNotAllowed, "\(request.method) \(path)", "there is only \(endpoint.method) \(path)")
        }
        let all = Endpoint.allCases.map { "\($0.method) \($0.rawValue)" }
        // Not the whole of what somebody may have made long.
        return Refusal(
            .notFound, "\(request.method) \(path.prefix(200))",
            "there are \(all.joined(separator: ", ")), and the page at /")
    }
}
