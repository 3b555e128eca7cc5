import FoundationEssentials
import Hummingbird
import ServiceLifecycle

extension StudioServer {
    /// `GET /runs`: the folders with a history.
    func runs() throws -> Response { try .json(["runs": folder.runs()]) }

    /// `GET /runs/events?folder=…&folder=…`: which folders there are and which a run has, and the lines of the histories of
    /// those that are named, from the first on, as they come.
    func watch(_ request: Request) throws -> Response {
        let names = request.uri.queryParameters[values: "folder"].map(String.init)
        guard names.count <= limits.watchedFolders else {
            throw Refusal(
                .unprocessableContent, "\(names.count) folders", "\(limits.watchedFolders) may be watched at once")
        }
        let files = try names.map { (name: $0, file: HistoryFile(path: try self.folder.history(of: $0))) }
        let (body, folder) = (request.body, self.folder)
        return .events { write in
            try await body.consumeWithCancellationOnInboundClose { _ in
                // There is no end to it but the client's or the server's.
                _ = try await limited(seconds: nil, grace: 0) {
                    var watcher = RunWatcher(folder: folder, files: files)
                    while true {
                        for event in try watcher.events() { try await write(event) }
                        try await Task.sleep(for: .milliseconds(watcher.isBehind ? 1 : 400))
                    }
                }
            }
        }
    }
}

/// What is new in a folder of runs.
private struct RunWatcher {
    let folder: StudioFolder
    var files: [(name: String, file: HistoryFile)]
    /// Whether there is more at once.
    private(set) var isBehind = false
    private var runs: [StudioFolder.Item]?
    private var lastLook = ContinuousClock.now
    private var lastWord = ContinuousClock.now

    init(folder: StudioFolder, files: [(name: String, file: HistoryFile)]) {
        self.folder = folder
        self.files = files
    }

    /// What is told anew when it changes.
    private struct Place: Equatable {
        let name: String
        let isRunning: Bool?

        init(_ item: StudioFolder.Item) { (name, isRunning) = (item.name, item.isRunning) }
    }

    private struct Replaced: Encodable { let folder: String }

    mutating func events() throws -> [ServerSentEvent] {
        var events: [ServerSentEvent] = []
        // Looking at all files of the folder costs more than at some.
        if runs == nil || lastLook.duration(to: .now) > .seconds(2) {
            lastLook = .now
            let found = folder.runs()
            if runs?.map(Place.init) != found.map(Place.init) {
                events.append(try ServerSentEvent("runs", ["runs": found]))
            }
            runs = found
        }
        isBehind = false
        for index in files.indices {
            let name = files[index].name
            switch files[index].file.next() {
            case nil: continue
            case .replaced: events.append(try ServerSentEvent("replaced", Replaced(folder: name)))
            case .lines(let lines): events.append(try Self.event(of: lines, in: name))
            }
            isBehind = true
        }
        if events.isEmpty, lastWord.duration(to: .now) > .seconds(10) { events.append(.keepAlive) }
        if !events.isEmpty { lastWord = .now }
        return events
    }

    /// Lines are passed on as they stand, but for those that are no object.
    private static func event(of lines: [Data], in folder: String) throws -> ServerSentEvent {
        var data = Data("{\"folder\":".utf8)
        data += try jsonBytes(folder)
        data += Data(",\"lines\":[".utf8)
        var isFirst = true
        for line in lines where (try? JSONDecoder().decode(AnyObject.self, from: line)) != nil {
            if !isFirst { data.append(UInt8(ascii: ",")) }
            data += line
            isFirst = false
        }
        data += Data("]}".utf8)
        return ServerSentEvent("lines", data: data)
    }

    /// An object with anything in it.
    private struct AnyObject: Decodable {
        enum Key: CodingKey {}
        init(from decoder: any Decoder) throws { _ = try decoder.container(keyedBy: Key.self) }
    }
}
