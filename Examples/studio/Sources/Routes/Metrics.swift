import FoundationEssentials
import Glibc
import Hummingbird

extension StudioServer {
    /// `GET /metrics`, in the text format of Prometheus.
    func metrics() async -> Response {
        let counts = traffic.counts
        let sums = counts.sums.sorted { ($0.key.path, $0.key.status) < ($1.key.path, $1.key.status) }
        var text = ""
        func metric(_ name: String, _ type: String, _ help: String, _ values: [(labels: String, value: String)]) {
            text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
            for (labels, value) in values { text += "\(name)\(labels) \(value)\n" }
        }
        func labels(_ kind: Traffic.Kind) -> String { "{path=\"\(kind.path)\",status=\"\(kind.status)\"}" }
        metric(
            "char_rnn_requests_total", "counter", "Requests that are over; status 0 is a client that left before.",
            sums.map { (labels($0.key), "\($0.value.requests)") })
        metric(
            "char_rnn_request_seconds_total", "counter", "The time that they took.",
            sums.map { (labels($0.key), "\($0.value.seconds)") })
        metric(
            "char_rnn_requests_in_progress", "gauge", "Requests that are worked on, this one included.",
            [("", "\(counts.inProgress)")])
        metric("char_rnn_characters_written_total", "counter", "Characters of texts.", [("", "\(counts.characters)")])
        metric(
            "char_rnn_characters_scored_total", "counter", "Characters that were scored.", [("", "\(counts.scored)")])
        metric("char_rnn_models_loaded", "gauge", "Models in memory.", [("", "\(await shelf.count)")])
        if let bytes = Self.residentBytes {
            metric("process_resident_memory_bytes", "gauge", "Memory that the process has.", [("", "\(bytes)")])
        }
        return Response(
            status: .ok, headers: [.contentType: "text/plain; version=0.0.4", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(string: text)))
    }

    private static var residentBytes: Int? {
        // Pages: all, resident, shared, …
        let fields = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ")
        guard let fields, fields.count > 1, let pages = Int(fields[1]) else { return nil }
        return pages * Int(getpagesize())
    }
}
