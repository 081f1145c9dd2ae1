// Brightens WIDTH HEIGHT IN OUT, raw bytes of red, green and blue, and prints the sides of the result.
import android.content.res.AssetManager
import android.graphics.Bitmap
import java.io.File
import org.pielight.example.Brightener

fun main(words: Array<String>) {
    val (width, height) = words.take(2).map { it.toInt() }
    val bytes = File(words[2]).readBytes()
    val colors = IntArray(width * height) { at ->
        (0..2).fold(255) { color, channel -> color shl 8 or (bytes[3 * at + channel].toInt() and 255) }
    }
    val brightener = Brightener(AssetManager())
    val bright = brightener.brighten(Bitmap(width, height, colors))
    brightener.close()
    val result = IntArray(bright.width * bright.height)
    bright.getPixels(result, 0, bright.width, 0, 0, bright.width, bright.height)
    println("${bright.width} ${bright.height}")
    File(words[3]).writeBytes(ByteArray(3 * result.size) { at -> (result[at / 3] shr (16 - 8 * (at % 3))).toByte() })
}
