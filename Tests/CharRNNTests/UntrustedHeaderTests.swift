import CharRNN
import Foundation
import TestSupport
import Testing

/// The rules of safetensors for a header, one by one, on files whose numbers fit.
@Suite struct UntrustedHeaderTests {
    private static let hidden = #""weight_hh_l0":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]}"#
    private static let rest = [
        #""weight_ih_l0":{"dtype":"F32","shape":[1,1],"data_offsets":[4,8]}"#,
        #""bias_ih_l0":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}"#,
        #""bias_hh_l0":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}"#,
        #""decoder.weight":{"dtype":"F32","shape":[1,1],"data_offsets":[16,20]}"#,
        #""decoder.bias":{"dtype":"F32","shape":[1],"data_offsets":[20,24]}"#,
    ].joined(separator: ",")

    /// What reading a network of one unit says whose header has `header` for "HIDDEN, REST"; nil when it is read.
    private func refusal(_ header: Data, numbers: Int = 24) throws -> String? {
        let bytes = TensorFile.bytes(header: header, numbers: Data(count: numbers))
        do {
            _ = try Checkpoint(pyTorch: bytes, path: "file", vocabulary: Vocabulary(of: "a"), cell: .rnn)
            return nil
        } catch let error as CheckpointError { return error.description }
    }

    private func refusal(_ header: String, numbers: Int = 24) throws -> String? {
        let whole = header.replacingOccurrences(of: "HIDDEN", with: Self.hidden)
            .replacingOccurrences(of: "REST", with: Self.rest)
        return try refusal(Data(whole.utf8), numbers: numbers)
    }

    @Test(arguments: [
        "{HIDDEN,REST}", "{ HIDDEN ,\n\tREST }   ", #"{"__metadata__":{},HIDDEN,REST}"#,
        #"{"__metadata__":{"a":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00é😀"},HIDDEN,REST}"#,
        #"{"weight\u005fhh_l0":{"data_offsets":[0,4],"shape":[1,1],"dtype":"F32"},REST}"#,
    ])
    func aHeaderByTheRulesIsRead(_ header: String) throws {
        #expect(try refusal(header) == nil)
    }

    @Test(
        arguments: [
            ("{HIDDEN,HIDDEN,REST}", "'weight_hh_l0' twice"),
            (#"{HIDDEN,"weight\u005fhh_l0":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},REST}"#, "twice"),
            (#"{"__metadata__":{},"__metadata__":{},HIDDEN,REST}"#, "'__metadata__' twice"),
            (#"{"__metadata__":{"a":"1","a":"2"},HIDDEN,REST}"#, "'a' twice"),
            (
                #"{"weight_hh_l0":{"dtype":"F32","shape":[1,1],"shape":[1,1],"data_offsets":[0,4]},REST}"#,
                "'shape' twice"
            ),
            (#"{"weight_hh_l0":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4],"x":1},REST}"#, "has 'x'"),
            (#"{"weight_hh_l0":{"dtype":"F32","shape":[01,1],"data_offsets":[0,4]},REST}"#, "a whole number"),
            (#"{"weight_hh_l0":{"dtype":"F32","shape":[1e0,1],"data_offsets":[0,4]},REST}"#, "']' is missing"),
            (#"{"weight_hh_l0":{"dtype":"F32","shape":[1,1],"data_offsets":[-0,4]},REST}"#, "a whole number"),
            (#"{"weight_hh_l0":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,4]},REST}"#, "too large"),
            (#"{"weight_hh_l0":{"dtype":"F32","shape":[[[[1]]]],"data_offsets":[0,4]},REST}"#, "a whole number"),
            (#"{"weight_hh_l0":{"dtype":"F32","shape":[1,1,],"data_offsets":[0,4]},REST}"#, "a whole number"),
            (#"{"weight_hh_l0":null,REST}"#, "'{' is missing"), ("{HIDDEN,REST", "'}' is missing"),
            ("{HIDDEN,REST,}", "a string"), ("{HIDDEN,REST} x", "its end"), ("{HIDDEN REST}", "'}' is missing"),
            (" {HIDDEN,REST}", "not a JSON object"), ("{\"\n\":1}", "the end of the string"),
            (#"{"\ud83d":1}"#, "a character"), (#"{"\x":1}"#, "an escape"), (#"{"\u00g0":1}"#, "a hexadecimal digit"),
            (#"{"a\nb":{"dtype":"F4","shape":[1],"data_offsets":[0,4]}}"#, "'a\\nb' is of the unknown type F4"),
            (#"{"a":{"dtype":"F16","shape":[1],"data_offsets":[0,4]}}"#, "lies at [0, 4]"),
        ] as [(String, String)])
    func aHeaderThatBreaksARuleIsNot(_ header: String, _ reason: String) throws {
        let refusal = try #require(try refusal(header))
        #expect(refusal.contains(reason) && !refusal.contains("\n"), "\(refusal)")
    }

    @Test func onlyUTF8IsRead() throws {
        let header = "{\(Self.hidden),\(Self.rest)}"
        #expect(try refusal(header.data(using: .utf16LittleEndian)!)?.contains("a string") == true)
        #expect(try refusal(Data([0xEF, 0xBB, 0xBF] + header.utf8))?.contains("not a JSON object") == true)
        #expect(try refusal(Data("{\"".utf8 + [0xC3] + "\":1}".utf8))?.contains("is not UTF-8") == true)
        #expect(try refusal(Data("{\"".utf8 + [0xED, 0xA0, 0x80] + "\":1}".utf8))?.contains("is not UTF-8") == true)
    }

    @Test func sizesThatOverflowAreNoCrash() throws {
        let empty = #""weight_hh_l0":{"dtype":"F32","shape":[0,9223372036854775807],"data_offsets":[0,0]}"#
        let decoder = #""decoder.weight":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]}"#
        #expect(try refusal("{\(empty),\(decoder)}", numbers: 4)?.contains("which no cell has") == true)
    }

    /// Names without numbers must not reserve room, here of half a terabyte.
    @Test func namesAloneReserveNothing() throws {
        let size = 256
        let bytes = 4 * size * size
        let tensors =
            [#""weight_hh_l0":{"dtype":"F32","shape":[\#(size),\#(size)],"data_offsets":[0,\#(bytes)]}"#]
            + (1...1_000_000).map { #""weight_hh_l\#($0)":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}"# }
            + [#""decoder.weight":{"dtype":"F32","shape":[1],"data_offsets":[\#(bytes),\#(bytes + 4)]}"#]
        let refusal = try #require(try refusal("{\(tensors.joined(separator: ","))}", numbers: bytes + 4))
        #expect(refusal.contains("has no tensor"))
    }
}
