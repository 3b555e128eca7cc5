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
        var headers: HTTPFields = [.contentType: String(cString: page.pointee.type), .cacheControl: "no-cache"]
        // Nothing is loaded from elsewhere or sent elsewhere. Pages of char-rnn explain, which have their script in them, are
        // shown in a frame and fall under this, too.
        headers[.contentSecurityPolicy] =
            "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; connect-src 'self'; "
            + "img-src 'self' data:; frame-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        headers[.xContentTypeOptions] = "nosniff"
        response = Response(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
