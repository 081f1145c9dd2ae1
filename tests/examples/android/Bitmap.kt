// A stand-in for Android's class.
package android.graphics

class Bitmap(val width: Int, val height: Int, private val colors: IntArray) {
    enum class Config { ARGB_8888 }

    fun getPixels(out: IntArray, offset: Int, stride: Int, x: Int, y: Int, width: Int, height: Int) {
        check(offset == 0 && x == 0 && y == 0 && stride == this.width && width == this.width && height == this.height)
        colors.copyInto(out)
    }

    companion object {
        @JvmStatic
        fun createScaledBitmap(source: Bitmap, width: Int, height: Int, filter: Boolean): Bitmap {
            check(filter)
            if (source.width == width && source.height == height) return source
            val colors = IntArray(width * height) { at -> // of the nearest pixel
                source.colors[at / width * source.height / height * source.width + at % width * source.width / width]
            }
            return Bitmap(width, height, colors)
        }

        @JvmStatic
        fun createBitmap(colors: IntArray, width: Int, height: Int, config: Config) =
            Bitmap(width, height, colors.copyOf()).also { check(config == Config.ARGB_8888) }
    }
}
