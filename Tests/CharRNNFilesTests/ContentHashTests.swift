import CharRNNFiles
import Foundation
import Testing

/// XXH64 with seed 0 against its reference implementation: the package xxhash of PyPI.
@Suite struct ContentHashTests {
    @Test(
        arguments: [
            ("", 0xEF46_DB37_51D8_E999), ("a", 0xD24E_C4F1_A98C_6E5B), ("abc", 0x44BC_2CF5_AD77_0999),
            ("0123456", 0x97EE_4FE4_A0FF_4DFA), ("01234567", 0xE4BA_22A4_9AD8_9D3F),
            ("0123456789ab", 0x862E_2923_26B8_A4FC),
            ("Nobody inspects the spammish repetition", 0xFBCE_A83C_8A37_8BF1),
        ] as [(String, UInt64)])
    func publishedValuesOfTexts(_ text: String, _ hash: UInt64) {
        #expect(contentHash(Data(text.utf8)) == hash)
    }

    // Around the 32 bytes that are taken at a time.
    @Test(
        arguments: [
            (31, 0xC346_D2B5_9B4D_8EE1), (32, 0xCBF5_9C51_16FF_32B4), (33, 0x0C53_5D1A_CAFB_8EAD),
            (101, 0xE990_3849_5F85_381E), (1000, 0x6EF4_36B0_0EBA_4078),
        ] as [(Int, UInt64)])
    func publishedValuesOfCountedBytes(_ count: Int, _ hash: UInt64) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        #expect(contentHash(Data(bytes)) == hash)
        // A slice has another first index.
        #expect(contentHash(Data([1, 2, 3] + bytes).dropFirst(3)) == hash)
    }
}
