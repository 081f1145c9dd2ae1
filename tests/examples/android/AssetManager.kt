// A stand-in for Android's class.
package android.content.res

class AssetManager
