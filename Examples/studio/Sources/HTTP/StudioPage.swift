import CharRNN
import FoundationEssentials
import Hummingbird
import StudioPages

/// A file of the page, which is in the binary.
struct StudioPage {
    /// The one that loads the others.
    static let first = "index.html"
    static let names = [
        first, "studio.css", "common.js", "history.js", "chart.js", "runs.js", "column.js", "playground.js",
        "explain.js",
    ]

    let response: Response

    init(_ name: String) {
        guard let page = studio_page(name) else { preconditionFailure("no page \(name)") }
        let bytes = UnsafeRawBufferPointer(start: page.pointee.bytes, count: page.pointee.count)
        self.init(bytes, type: String(cString: page.pointee.type))
    }

    /// The script `cells.js`, which is made here: what people call the cells, by the names that files have.
    static func cells() throws -> StudioPage {
        let titles = Dictionary(uniqueKeysWithValues: RecurrentCell.allCases.map { ($0.rawValue, $0.title) })
        let script = Data("export const cellTitles = ".utf8) + (try jsonBytes(titles)) + Data(";\n".utf8)
        return StudioPage(script, type: "text/javascript; charset=utf-8")
    }

    private init(_ bytes: some Sequence<UInt8>, type: String) {
        var headers: HTTPFields = [.contentType: type, .cacheControl: "no-cache"]
        // Nothing is loaded from elsewhere or sent elsewhere. Pages of char-rnn explain, which have their script in them, are
        // shown in a frame and fall under this, too.
        headers[.contentSecurityPolicy] =
            "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; connect-src 'self'; "
            + "img-src 'self' data:; frame-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        headers[.xContentTypeOptions] = "nosniff"
        response = Response(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
