import CharRNN
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle

/// Serves a folder of runs and models over HTTP.
struct StudioServer: Sendable {
    let folder: StudioFolder
    let shelf: ModelShelf
    let worker: Worker
    let traffic: Traffic
    let limits: Limits
    private let host: String

    /// - Parameters:
    ///   - folder: what is served.
    ///   - device: where its models compute.
    ///   - host: the address to listen on.
    ///   - limits: of what may be asked for.
    init(folder: StudioFolder, device: Device, host: String, limits: Limits) {
        self.folder = folder
        self.host = host
        self.limits = limits
        worker = Worker()
        shelf = ModelShelf(folder: folder, device: device, worker: worker, limits: limits)
        traffic = Traffic(limit: limits.clients)
    }

    /// Whether only this computer reaches it.
    var isLoopback: Bool { HostMiddleware.isLoopback(host) }

    /// Answers requests until a signal ends the process. Streams then have ``Limits/graceSeconds`` to come to their end.
    ///
    /// - Parameters:
    ///   - port: to listen on; 0 for any.
    ///   - onRunning: is told the address with the port.
    /// - Throws: `IOError` when the address cannot be listened on.
    func run(port: Int, onRunning: @escaping @Sendable (String) -> Void) async throws {
        let logger = Logger(label: "char-rnn-studio") {
            var handler = StreamLogHandler.standardError(label: $0)
            handler.logLevel = .error
            return handler
        }
        let application = Application(
            router: router(),
            server: .http1(
                configuration: .init(
                    additionalChannelHandlers: [ParserErrorHandler()], idleTimeout: .seconds(Int64(limits.idleSeconds)))
            ),
            configuration: .init(
                address: .hostname(host, port: port),
                // Those above the limit of clients are told so; this is for connections on which nothing is asked.
                availableConnectionsDelegate: .maximum(4 * limits.clients, logger: logger)),
            onServerRunning: { channel in
                let bound = channel.localAddress?.port ?? port
                onRunning(host.contains(":") ? "[\(host)]:\(bound)" : "\(host):\(bound)")
            },
            logger: logger)
        var group = ServiceGroupConfiguration(
            services: [.init(service: application)], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        group.maximumGracefulShutdownDuration = .seconds(2 * limits.graceSeconds + 1)
        try await ServiceGroup(configuration: group).run()
    }

    private func router() -> Router<StudioContext> {
        let router = Router(context: StudioContext.self)
        router.add(middleware: TrafficMiddleware(traffic: traffic))
        router.add(middleware: RefusalMiddleware())
        router.add(middleware: HostMiddleware(isOpen: !isLoopback))
        for endpoint in Endpoint.allCases {
            router.on(RouterPath(endpoint.rawValue), method: endpoint.method) { request, context in
                if endpoint.isLimited { try traffic.admit() }
                return try await answer(to: request, at: endpoint, in: context)
            }
        }
        for name in StudioPage.names {
            router.get(RouterPath(name == StudioPage.first ? "/" : "/\(name)")) { _, _ in
                StudioPage(name).response
            }
        }
        router.get("/cells.js") { _, _ in try StudioPage.cells().response }
        return router
    }

    private func answer(to request: Request, at endpoint: Endpoint, in context: StudioContext) async throws -> Response
    {
        switch endpoint {
        case .models: try await models(request)
        case .generate: try await generate(request)
        case .score: try await score(request)
        case .explain: try await explain(request)
        case .runs: try runs()
        case .runEvents: try watch(request)
        case .health: try .json(["status": "ok"])
        case .metrics: await metrics()
        case .description: StudioPage("openapi.json").response
        }
    }
}

/// What programs may ask for; /openapi.json describes it.
enum Endpoint: String, CaseIterable {
    case models = "/models"
    case generate = "/generate"
    case score = "/score"
    case explain = "/explain"
    case runs = "/runs"
    case runEvents = "/runs/events"
    case health = "/healthz"
    case metrics = "/metrics"
    case description = "/openapi.json"

    var method: HTTPRequest.Method {
        switch self {
        case .generate, .score, .explain: .post
        default: .get
        }
    }

    /// Whether the limit of clients goes for it. Those that look after the server are let in.
    var isLimited: Bool { self != .health && self != .metrics }
}

/// A request, with the connection that it came by.
struct StudioContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }
}
